awk 'NR > 1 { total += $2 * $3; print NR, $1 } END { printf "%.2f\n", total }' table
