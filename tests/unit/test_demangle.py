"""Names of C++ and Rust: as binutils' c++filt writes them, but for the result and `const`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nanvix.debug.demangle import brief, demangle, means, shown

NAMES = {
    "_ZN4bank7Account7depositEl": ("bank::Account::deposit", "(long)"),
    "_ZN4bank7AccountD0Ev": ("bank::Account::~Account", "()"),
    "_ZNKSt6vectorIiSaIiEE4sizeEv": ("std::vector<int, std::allocator<int>>::size", "()"),
    "_ZN3BoxISt4pairIicEEC2ERKS2_": (
        "Box<std::pair<int, char>>::Box", "(Box<std::pair<int, char>> const&)",
    ),
    "_ZStlsISt11char_traitsIcEERSt13basic_ostreamIcT_ES5_PKc": (
        "std::operator<<<std::char_traits<char>>",
        "(std::basic_ostream<char, std::char_traits<char>>&, char const*)",
    ),
    "_ZSt3maxIhERKT_S2_S2_": (
        "std::max<unsigned char>", "(unsigned char const&, unsigned char const&)",
    ),
    "_ZZ4mainENKUliE_clEi": ("main::{lambda(int)#1}::operator()", "(int)"),
    "_ZN12_GLOBAL__N_13runEPFivE": ("(anonymous namespace)::run", "(int (*)())"),
    "_Z4takeRA4_Kc": ("take", "(char const (&)[4])"),
    "_Z3fooILb1ELin3EEvv": ("foo<true, -3>", "()"),
    "_ZTVN4bank4BaseE": ("vtable for bank::Base", ""),
    "_ZThn16_N4bank4Base4nameEv": ("thunk to bank::Base::name", ""),
    "_ZN1AcvbEv": ("A::operator bool", "()"),
    "_ZNSt6threadC1IRZ4mainEUliE_JiEvEEOT_DpOT0_": (
        "std::thread::thread<main::{lambda(int)#1}&, int, void>",
        "(main::{lambda(int)#1}&, int&&)",
    ),
    "_ZN2rs5price17h7a92231c76f3fa3cE": ("rs::price", ""),
    "_ZN2rs4main28_$u7b$$u7b$closure$u7d$$u7d$17h7bc4e571ac566e56E": ("rs::main::{{closure}}", ""),
    "_ZN45_$LT$rs..Item$u20$as$u20$core..fmt..Debug$GT$3fmt17h7bc4e571ac566e56E": (
        "<rs::Item as core::fmt::Debug>::fmt", "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("symbol", NAMES)
def test_a_name_is_read(symbol: str) -> None:
    assert demangle(symbol) == NAMES[symbol]


@pytest.mark.parametrize("symbol", ["main", "_Z", "_ZN", "_ZN9999999aE", "_ZS_", "_R"])
def test_what_is_no_name_stays(symbol: str) -> None:
    assert shown(symbol) == symbol


def test_long_names_are_cut() -> None:
    path = "std::vector<std::unique_ptr<bank::Account>, std::allocator<int>>::push_back"
    assert brief(path) == "std::vector<...>::push_back"


@pytest.mark.parametrize(
    "wanted",
    ["add", "Box::add", "bank::Box::add", "bank::Box<int>::add", "Box<int>::add(int const&)"],
)
def test_a_name_may_be_written_in_many_ways(wanted: str) -> None:
    assert means(wanted, "_ZN4bank3BoxIiE3addERKi")
    assert not means(wanted, "_ZN4bank3BoxIiE6removeERKi")


@given(st.text("ZNSIEKPRJLTtvicbl_0123456789abCD.", max_size=200))
def test_anything_ends(text: str) -> None:
    demangle(f"_Z{text}")


def test_names_that_would_grow_stay() -> None:
    assert demangle("_Z1fI" + "SaI" * 300 + "E" * 301 + "v") is None
    bomb = "_Z1f1A" + "".join(f"1BIS{n}_S{n}_E" for n in ["", *range(30)])
    found = demangle(bomb)
    assert found is None or len(found.arguments) < 10_000
