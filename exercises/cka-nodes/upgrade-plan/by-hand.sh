mkdir -p $(dirname {{ file }})
printf 'v1.35.6\nv1.13.1\n' > {{ file }}
