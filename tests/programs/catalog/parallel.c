/* OpenMP: loops, tasks, barriers, locks and order among four threads. */
#include <omp.h>
#include <stdio.h>

static long fibonacci(int n)
{
    long a, b;
    if (n < 2)
        return n;
#pragma omp task shared(a) if (n > 10)
    a = fibonacci(n - 1);
    b = fibonacci(n - 2);
#pragma omp taskwait
    return a + b;
}

int main(void)
{
    double sum = 0;
    long tasks = 0;
    int count = 0, order[8], placed = 0;
    omp_set_num_threads(4);
#pragma omp parallel for reduction(+ : sum) schedule(dynamic, 1000)
    for (int i = 1; i < 500000; i++)
        sum += 1.0 / ((double)i * i);
#pragma omp parallel
#pragma omp single
    tasks = fibonacci(18);
#pragma omp parallel
    for (int i = 0; i < 50; i++) {
#pragma omp barrier
#pragma omp critical
        count++;
#pragma omp atomic
        count++;
    }
#pragma omp parallel for ordered
    for (int i = 0; i < 8; i++) {
#pragma omp ordered
        order[placed++] = i;
    }
    printf("%.6f %ld %d %d threads\n", sum, tasks, count, omp_get_max_threads());
    for (int i = 0; i < placed; i++)
        printf("%d ", order[i]);
    putchar('\n');
    return 0;
}
