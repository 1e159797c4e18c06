// Names with scopes, a template, a class, arguments that are not in their places at once.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

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
    std::vector<std::string> owners{"ann", "bob"};
    auto other = std::make_unique<bank::Account>();
    std::vector<int> none;
    bank::Box<int> box{21};
    printf("%ld %d %zu %zu\n", account.balance, box.twice(), owners.size(), none.size());
    return 0;
}
