{% extends base_template %}
{% block command_body %}
exec {{ app_env }}/bin/python -m guestbook.server
{% endblock %}
