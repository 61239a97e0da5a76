// The module RabbitMQBrokerTests.
