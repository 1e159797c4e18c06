# make: once, again with nothing to do, after a change, in parallel, and a target that fails.
dir=$(mktemp -d); cp Makefile "$dir"; cd "$dir" || exit
make -s; make -q whole && echo up to date; touch -d 2001-01-01 ./*; touch -d 2001-01-01 Makefile; touch part3; make -s whole
rm part* whole; make -s -j3 | sort; make -n part9; make fails > /dev/null 2>&1; echo "fails with $?"
