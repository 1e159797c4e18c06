"""Names of C++ and Rust: as binutils' c++filt writes them, but for the result and `const`."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nanvix.debug.demangle import brief, demangle, may_mean, means, shown

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
    "_RNvNtCs6xxl1lAjzDf_1a4bank3pay": ("a::bank::pay", ""),
    "_RINvMNtCs6xxl1lAjzDf_1a4bankINtB3_7AccountINtNtCslNYArtu3iFV_5alloc3vec3VechEE7depositKj5_EB5_":
        ("<a::bank::Account<alloc::vec::Vec<u8>>>::deposit::<5>", ""),
    "_RINvNtCs6xxl1lAjzDf_1a4banku9gre_6ka8iKcdf_Kb1_Kln5_EB4_": (
        "a::bank::größe::<'ß', true, -5>", "",
    ),
    "_RINvCs6xxl1lAjzDf_1a3genSTlReENCNvB2_4mains3_0EB2_": (
        "a::gen::<[(i32, &str)], a::main::{closure#5}>", "",
    ),
    "_RINvNtCsgEmfK2I1SDS_4core3ptr13drop_in_placeINtNtCslNYArtu3iFV_5alloc5boxed3BoxDG0_INtNtNtB4_"
    "3ops8function2FnTRL1_INtNtCsjrHSEGnQ3l9_3std5panic13PanicHookInfoL0_EEEp6OutputuNtNtB4_"
    "6marker4SyncNtB2N_4SendEL_EEB1T_": (
        "core::ptr::drop_in_place::<alloc::boxed::Box<dyn for<'a, 'b> core::ops::function::"
        "Fn<(&'a std::panic::PanicHookInfo<'b>,), Output = ()> + core::marker::Sync + "
        "core::marker::Send>>", "",
    ),
    "_RINvCs_1a1bFUKCjEuAPhj3_E.llvm.77": (
        'a::b::<unsafe extern "C" fn(usize), [*const u8; 3]>', "",
    ),
}  # fmt: skip


RUST_WORDS = [
    *"CMXYNIBTSARQPOFDEKLGUpnuvst_0123456789abz",
    "3foo",
    "B_",
    "B2_",
    "Cs_1a",
    "G0_",
    "u3a_b",
]
"""What names of Rust are made of."""


@pytest.mark.parametrize("symbol", NAMES)
def test_a_name_is_read(symbol: str) -> None:
    assert demangle(symbol) == NAMES[symbol]


@pytest.mark.parametrize(
    "symbol", ["main", "_Z", "_ZN", "_ZN9999999aE", "_ZS_", "_R", "_Rest", "_RN", "_RNvCs_1a1b9"]
)
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


@pytest.mark.parametrize(
    "wanted", ["deposit", "Account::deposit", "bank::Account::deposit", "a::bank::Account::deposit"]
)
def test_a_method_of_rust_by_its_type(wanted: str) -> None:
    inherent = "_RINvMNtCs6xxl1lAjzDf_1a4bankINtB3_7AccounthE7depositKj5_EB5_"
    of_trait = "_RNvXNtCs6xxl1lAjzDf_1a4bankINtB2_7AccounthENtB2_3Pay7deposit"
    assert demangle(of_trait) == ("<a::bank::Account<u8> as a::bank::Pay>::deposit", "")
    assert means(wanted, inherent) and means(wanted, of_trait)
    assert may_mean(wanted) in inherent and may_mean(wanted) in of_trait
    assert not means("Other::deposit", inherent)


def test_long_names_of_rust_are_cut() -> None:
    path = "<alloc::vec::Vec<alloc::string::String> as core::ops::drop::Drop>::drop"
    assert brief(path) == "alloc::vec::Vec<...>::drop"


@given(st.lists(st.sampled_from(RUST_WORDS), max_size=300).map("".join))
def test_any_name_of_rust_ends_soon(text: str) -> None:
    begun = time.thread_time()
    found = demangle(f"_R{text}")
    assert time.thread_time() - begun < 2
    assert found is None or (found.path.isprintable() and len(found.path) < 10_000)


def test_names_of_rust_that_would_grow_stay() -> None:
    bomb = "_RINvC1a1bTuuE" + "".join(f"TB{n}_B{n}_E" for n in "789abcdefghijklmnop" * 9) + "E"
    assert demangle(bomb) is None or len(demangle(bomb).path) < 10_000  # type: ignore[union-attr]
    assert demangle("_RINvC1a1bB7_E") is None, "it leads to itself"
    assert demangle("_RINvC1a1b" + "S" * 1000 + "uE") is None
    assert shown("_ZN1a8_$ud800$E") == "a::_$ud800$" or shown("_ZN1a8_$ud800$E").isprintable()


@given(st.text("ZNSIEKPRJLTtvicbl_0123456789abCD.", max_size=200))
def test_anything_ends(text: str) -> None:
    demangle(f"_Z{text}")


def test_names_that_would_grow_stay() -> None:
    assert demangle("_Z1fI" + "SaI" * 300 + "E" * 301 + "v") is None
    bomb = "_Z1f1A" + "".join(f"1BIS{n}_S{n}_E" for n in ["", *range(30)])
    found = demangle(bomb)
    assert found is None or len(found.arguments) < 10_000
