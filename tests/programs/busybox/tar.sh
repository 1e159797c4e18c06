tar cf t.tar tree words && tar tf t.tar | sort && mkdir x && tar xf t.tar -C x && cat x/tree/deep/three.txt && rm t.tar
