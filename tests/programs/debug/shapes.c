/* Data of many shapes, which change while one looks: nested, linked, long, in unions. */
#include <stdio.h>

struct point {
    int x, y;
};

struct leaf {
    struct point at;
    union {
        unsigned whole;
        unsigned char bytes[4];
    };
    unsigned low : 3, high : 5;
    struct leaf *next;
};

struct leaf leaves[3];
int grid[3][4];
long many[5000];
double ratio;

static double half(int number) { return number / 2.0; }

__attribute__((noinline)) void touch(struct leaf *leaf, int round) {
    leaf->at.y = round;
    leaf->whole = 0x01020304 * round;
    leaf->high = round;
    grid[1][2] = round;
    many[4999] = round;
    ratio = half(round);
}

int main(void) {
    for (int i = 0; i < 3; i++) {
        leaves[i].at.x = 10 * i;
        leaves[i].next = &leaves[(i + 1) % 3];
    }
    for (int round = 1; round <= 3; round++)
        touch(&leaves[0], round);
    printf("%d %f\n", leaves[0].at.y, ratio);
    return 0;
}
