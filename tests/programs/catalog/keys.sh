ssh-keygen -q -t ed25519 -N '' -C me -f key; ssh-keygen -q -t ecdsa -N '' -C me -f other
stat -c '%a %n' key key.pub other; wc -w < key.pub; ssh-keygen -l -f other | cut -d' ' -f1,3-
ssh-keygen -y -f key | cut -d' ' -f1,2 | diff - <(cut -d' ' -f1,2 key.pub) && echo same
echo text > file; ssh-keygen -q -Y sign -f key -n file file; echo "me $(cat key.pub)" > allowed
ssh-keygen -Y verify -f allowed -I me -n file -s file.sig < file | cut -d' ' -f1-5
echo other | ssh-keygen -Y verify -f allowed -I me -n file -s file.sig; echo "code $?"
rm -f key* other* file.sig allowed
