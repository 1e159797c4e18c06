# git: a repository, commits, branches, a merge with a conflict, rebase, stash, tags, a clone, gc.
set -e
git init -q -b main work; cd work
printf 'one\ntwo\nthree\n' > file; mkdir lib; echo 'int x;' > lib/x.c; git add .; git status --short
git commit -qm 'First'; echo four >> file; git diff --stat; git commit -qam 'Second'
git log --format='%h %an %ad %s' --date=iso; git show --stat --oneline HEAD
git checkout -qb topic; sed -i 's/two/TWO/' file; git commit -qam 'Topic'
git checkout -q main; sed -i 's/two/2/' file; git mv lib/x.c lib/y.c; git commit -qam 'Main'
git merge topic > merge.log || cat merge.log; cat file; git status --short
printf 'one\nboth\nthree\nfour\n' > file; rm merge.log; git add file; git commit -qm 'Merged'
git log --oneline --graph; git branch -v; git blame -s file; git tag -a v1 -m 'A tag'; git describe
git checkout -qb side HEAD~1; echo side > side; git add side; git commit -qm 'Side'; git rebase -q main; git log --oneline -2
echo dirty >> file; git stash -q; git status --short; git stash pop -q; git diff --shortstat; git checkout -q file
git grep -n both; git rev-list --count HEAD; git ls-files -s; git cat-file -p 'HEAD^{tree}'
git clone -q . ../clone; cd ../clone; git log --oneline -1; git remote -v | wc -l
echo more > more; git add more; git commit -qm 'From the clone'; git push -q origin HEAD:refs/heads/pushed
cd ../work; git checkout -q main; git log --oneline -1 pushed; git gc -q; git fsck; git count-objects -v | grep -E 'in-pack|packs'
git reset -q --hard v1; git reflog | wc -l; git archive HEAD | tar -tf -; git bundle create -q ../all.bundle --all
git bundle verify -q ../all.bundle && echo bundle; git worktree add -q ../tree side && ls ../tree; cd ..; rm -rf work clone tree all.bundle
