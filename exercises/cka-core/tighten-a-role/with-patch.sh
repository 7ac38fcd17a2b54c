kubectl patch role {{ team.role }} -n {{ team.ns }} --type=json -p '[{"op":"remove","path":"/rules/1"},{"op":"remove","path":"/rules/0/resources/2"}]'
