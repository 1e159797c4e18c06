# make: once, again with nothing to do, after a change, in parallel, and a target that fails.
make -s; make -q whole && echo up to date; touch -d '+1 hour' part3; make -s whole
rm part* whole; make -s -j3 | sort; make -n part9; make fails > /dev/null 2>&1; echo "fails with $?"
