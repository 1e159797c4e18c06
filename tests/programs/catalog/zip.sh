mkdir d; for i in 1 2 3; do seq $((i * 1000)) > d/f$i; done; head -c 50000 /dev/zero > d/zeros; ln -s f1 d/link
zip -qry -X a.zip d; unzip -qt a.zip; unzip -Z1 a.zip
mkdir out; unzip -q a.zip -d out; diff -r d out/d && echo equal; readlink out/d/link
zip -q -d a.zip d/f1; zip -q -u -X a.zip d/f1; unzip -p a.zip d/f1 | tail -1
head -c 1000 a.zip > cut.zip; unzip -qt cut.zip >/dev/null 2>&1; echo "code $?"
echo secret | zip -q -P word s.zip -; unzip -qp -P word s.zip; unzip -qp -P other s.zip >/dev/null 2>&1; echo "code $?"
rm -rf out *.zip
