"""An exception nobody catches: a traceback on stderr and exit code 1."""


def divide(a, b):
    return a / b


print("before")
try:
    {}["missing"]
except KeyError as error:
    raise ValueError("while handling") from error
finally:
    divide(1, 1)
