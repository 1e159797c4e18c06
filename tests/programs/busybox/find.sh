find . -type f | sort; find . -name '*.txt' -exec cat {} + | wc -l; find tree -type d | sort
