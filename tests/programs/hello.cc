// Streams, containers and an exception through libstdc++ or libc++.
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

static int lookup(const std::map<std::string, int> &table, const std::string &key)
{
    auto found = table.find(key);
    if (found == table.end())
        throw std::out_of_range("no " + key);
    return found->second;
}

int main()
{
    std::map<std::string, int> table{{"one", 1}, {"two", 2}};
    std::vector<std::string> keys{"two", "three", "one"};
    for (const auto &key : keys) {
        try {
            std::cout << key << " = " << lookup(table, key) << std::endl;
        } catch (const std::out_of_range &error) {
            std::cerr << "caught " << error.what() << std::endl;
        }
    }
    return 4;
}
