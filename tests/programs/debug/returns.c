/* Results of all kinds: in registers, in memory, none. */
struct pair {
    int a;
    double b;
};
struct big {
    long x, y;
    int z[3];
};

double half(int number) { return number / 2.0; }
float third(void) { return 0.25f; }
char letter(const char *text) { return text[4]; }
int less(void) { return -1; }
const char *where(void) { return "text"; }
struct big whole(void) { return (struct big){ 1, 2, { 3, 4, 5 } }; }
void nothing(void) {}
struct pair two(void) { return (struct pair){ 1, 2 }; }

int main(void) {
    double sum = half(1) + third() + letter("hello") + less() + *where() + whole().x;
    nothing();
    return sum + two().a > 0 ? 0 : 1;
}
