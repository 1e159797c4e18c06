sh -c "sh -c 'sh -c \"echo deep\"'"; eval 'echo $((1+1))'; . ./script
