echo 'scale=60; 4*a(1); e(1); sqrt(2)' | bc -l
echo 'obase=16; 2^200; ibase=2; 101101' | bc
cat > primes.bc <<'X'
define p(n) { auto i; for (i = 2; i * i <= n; i++) if (n % i == 0) return 0; return n > 1; }
for (i = 0; i < 60; i++) if (p(i)) print i, " "
print "\n"
X
bc -q primes.bc < /dev/null
echo '1/0' | bc; echo "code $?"
