// Templates, virtual calls, an exception and a static object: little enough to compile in a guest.
#include <cstdio>
#include <new>
#include <utility>

struct Shape {
    virtual ~Shape() = default;
    virtual double area() const = 0;
};

struct Square : Shape {
    explicit Square(double side) : side(side) {
        if (side < 0)
            throw side;
    }
    double area() const override { return side * side; }
    double side;
};

struct Circle : Shape {
    explicit Circle(double radius) : radius(radius) {}
    double area() const override { return 3.14159265 * radius * radius; }
    double radius;
};

template <typename... Shapes> double total(const Shapes &...shapes)
{
    return (shapes->area() + ...);
}

template <typename T> class Owner {
public:
    template <typename... Arguments>
    explicit Owner(Arguments &&...arguments) : held(new T(std::forward<Arguments>(arguments)...)) {}
    ~Owner() { delete held; }
    T *operator->() const { return held; }

private:
    T *held;
};

static struct Farewell {
    ~Farewell() { std::puts("destroyed"); }
} farewell;

int main()
{
    Owner<Square> square(3);
    Owner<Circle> circle(0.5);
    std::printf("%.4f\n", total(square, circle));
    try {
        Square impossible(-1);
    } catch (double side) {
        std::printf("caught %g\n", side);
    }
    return 6;
}
