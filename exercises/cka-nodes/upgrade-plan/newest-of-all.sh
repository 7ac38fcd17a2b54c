mkdir -p $(dirname {{ file }})
printf 'v1.36.2\nv1.14.2\n' > {{ file }}
