{% extends base_template %}
{% block command_body %}
while true; do
    sh greet.sh
    sleep 60
done
{% endblock %}
