ln -s words soft && ln words hard && cat soft && readlink soft && rm soft hard
