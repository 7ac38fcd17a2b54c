kubectl create priorityclass {{ app.class }} --value={{ top.below }}
