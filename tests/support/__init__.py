"""What the tests share: running guests, compiling programs, crafting hostile ELF files."""
