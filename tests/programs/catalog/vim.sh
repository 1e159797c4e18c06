# Without a screen: substitutions, normal commands, a script with a function, undo, filters.
seq 1 60 | sed 's/$/ apples and pears/' > list
vim -Nu NONE -es -c '%s/apples/\=submatch(0) . line(".")/' -c 'g/7 /normal! dd' -c '1,20sort! n' -c 'wq' list
sha256sum list; wc -l < list
cat > script.vim <<'X'
function! Fib(n)
  return a:n < 2 ? a:n : Fib(a:n - 1) + Fib(a:n - 2)
endfunction
let words = map(range(1, 9), 'Fib(v:val)')
call writefile([join(words), string({'a': [1, 2.5], 'b': 'c'}), system('echo from a shell')], 'out')
edit text
normal ione two three
normal! o4dw
normal! yyP
undo
write
%!tac
write! turned
quit!
X
vim -Nu NONE -es -S script.vim; echo "code $?"; cat out text turned
