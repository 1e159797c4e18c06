// Names with scopes, a template, a class, arguments that are not in their places at once.
#include <cstdio>

namespace bank {
enum class Colour { red, green = 7 };
Colour colour = Colour::green;

struct Account {
    long balance = 100;
    void deposit(long amount, char unit);
};

__attribute__((noinline)) void Account::deposit(long amount, char unit) {
    balance += amount * (unit == 'k' ? 1000 : 1);
}

template <typename T> struct Box {
    T value;
    __attribute__((noinline)) T twice() { return value + value; }
};
}

int main() {
    bank::Account account;
    for (long i = 1; i <= 4; i++)
        account.deposit(i, i == 3 ? 'k' : 'e');
    bank::Box<int> box{21};
    printf("%ld %d\n", account.balance, box.twice());
    return 0;
}
