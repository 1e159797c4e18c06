exec /bin/echo replaced
