# openssl: digests, ciphers, keys, signatures, a certificate, a TLS connection.
port=$((10000 + $$ % 20000))
printf 'some data\n' > data
for digest in md5 sha1 sha256 sha3-256 blake2b512; do openssl dgst -$digest data; done
openssl dgst -sha256 -hmac key -hex data
openssl enc -aes-256-cbc -pbkdf2 -iter 100 -pass pass:x -S 0001020304050607 -in data -base64 | openssl enc -d -aes-256-cbc -pbkdf2 -iter 100 -pass pass:x -S 0001020304050607 -base64
openssl enc -chacha20 -K "$(printf '%064d' 0)" -iv "$(printf '%032d' 0)" -in data | od -An -tx1
openssl ecparam -name prime256v1 -genkey -noout -out key.pem 2> /dev/null
openssl pkey -in key.pem -pubout -out public.pem; openssl dgst -sha256 -sign key.pem -out signature data
openssl dgst -sha256 -verify public.pem -signature signature data
openssl req -x509 -new -key key.pem -subj '/CN=localhost' -days 2 -out certificate.pem
openssl verify -CAfile certificate.pem certificate.pem; openssl x509 -in certificate.pem -noout -subject
: > server.log
openssl s_server -accept "127.0.0.1:$port" -cert certificate.pem -key key.pem -www -naccept 1 > server.log 2>&1 &
until grep -q ACCEPT server.log; do sleep 0.05; done
printf 'GET / HTTP/1.0\r\n\r\n' | openssl s_client -connect "127.0.0.1:$port" -CAfile certificate.pem -servername localhost -quiet -ign_eof 2> /dev/null | head -1
wait; openssl rand 16 | wc -c; rm -f ./*
