// The module RabbitMQBroker.
