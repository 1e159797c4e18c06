// Templates, virtual calls, an exception and a static object: little enough to compile in a guest.
#include <cmath>
#include <cstdio>
#include <memory>

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
    double area() const override { return M_PI * std::pow(radius, 2); }
    double radius;
};

template <typename... Shapes> double total(const Shapes &...shapes)
{
    return (shapes->area() + ...);
}

static struct Farewell {
    ~Farewell() { std::puts("destroyed"); }
} farewell;

int main()
{
    auto square = std::make_unique<Square>(3);
    std::unique_ptr<Shape> circle(new Circle(0.5));
    std::printf("%.4f\n", total(square, circle));
    try {
        Square impossible(-1);
    } catch (double side) {
        std::printf("caught %g\n", side);
    }
    return 6;
}
