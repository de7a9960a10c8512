"""What a vision-language model is told: templates, the page as text, pictures, messages.

Training and serving render prompts with this code. Nothing here knows a model or a task.
"""
