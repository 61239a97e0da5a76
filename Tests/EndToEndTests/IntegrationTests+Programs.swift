/// What the tests of Integration send and look at, in Python.
extension IntegrationTests {
  /// Submits a study so many times and prints each answer.
  static let submit = """
    import json, os, pika
    study = {"version": 1, "model": os.environ["MODEL"], "images": [{"file": os.environ["IMAGE"]}]}
    study.update(json.loads(os.environ["OPTIONS"]))
    channel = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"])).channel()
    # Direct reply-to: a queue that isn't one.
    times = int(os.environ.get("TIMES", "1"))
    answers = channel.consume("amq.rabbitmq.reply-to", auto_ack=True)
    next(channel.consume("amq.rabbitmq.reply-to", auto_ack=True, inactivity_timeout=0.1))
    for _ in range(times):
        # The key is the message's identifier.
        channel.basic_publish("tessera.ingest", "", json.dumps(study), pika.BasicProperties(
            message_id=os.environ["KEY"], delivery_mode=2, reply_to="amq.rabbitmq.reply-to"))
    for _ in range(times):
        method, properties, body = next(answers)
        answer = json.loads(body)
        assert properties.correlation_id == os.environ["KEY"], properties
        print(answer["run"], answer["new"])
    """

  /// Sends what can't be taken, and prints what became of it.
  static let misbehave = """
    import json, os, time, pika
    connection = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"]))
    channel = connection.channel()
    channel.confirm_delivery()
    inbox = channel.queue_declare("", exclusive=True).method.queue
    file = [{"file": os.environ["IMAGE"]}]
    good = {"version": 1, "model": "tissue", "images": file}
    bad = [
        ("", "{"),
        ("", dict(good, priority=3)),
        ("", dict(good, model="nothing")),
        ("", dict(good, images=[{"file": "../../etc/passwd"}])),
        ("", dict(good, images=[{"file": "link"}])),
        ("", dict(good, images=[{"file": "Müller.nii.gz"}])),
        ("", dict(good, images=[{"sha256": "0" * 64}])),
        ("", dict(good, key="study-1", step_size=0.9)),
        ("ward8", dict(good, tenant="ward7")),
        ("", "other type"),
        ("", {"version": 1, "model": "tissue"}),
        ("", {"version": 1, "model": "tissue", "images": file, "class": "statt"}),
        ("", dict(good, images=file * 2)),
        ("", "x" * 70000),
    ]
    for number, (key, body) in enumerate(bad):
        body = body if isinstance(body, str) else json.dumps(body)
        kind = "tessera.other.v1" if body == "other type" else "tessera.submission.v1"
        channel.basic_publish("tessera.ingest", key, body.encode(), mandatory=True, properties=pika.BasicProperties(
            message_id=f"bad-{number}", type=kind, delivery_mode=2, reply_to=inbox))
    reasons, errors = [], []
    end = time.time() + 30
    while time.time() < end and len(reasons) < len(bad):
        method, properties, body = channel.basic_get("tessera.ingest.parked", auto_ack=True)
        if method:
            reasons.append((properties.headers or {}).get("tessera-reason"))
        else:
            time.sleep(0.05)
    while time.time() < end and len(errors) < len(bad) - 1:
        method, properties, body = channel.basic_get(inbox, auto_ack=True)
        if method:
            errors.append(json.loads(body)["error"])
        else:
            time.sleep(0.05)
    left = channel.queue_declare("tessera.ingest", passive=True).method.message_count
    print(json.dumps({"reasons": reasons, "errors": errors, "left": left}))
    """

  /// Keeps whatever is posted, a line each.
  static let keep = """
    import http.server, os
    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            with open(os.environ["LOG"], "ab") as log:
                log.write(body + b"\\n")
            self.send_response(204)
            self.end_headers()
    http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Receiver).serve_forever()
    """

  /// Checks the documents themselves, and messages by them.
  static let validate = """
    import json, os, pathlib, jsonschema
    folder = pathlib.Path(os.environ["SCHEMAS"])
    documents = {path.name: json.loads(path.read_text()) for path in folder.glob("*.json")}
    for document in documents.values():
        jsonschema.Draft202012Validator.check_schema(document)
    def check(name, value):
        jsonschema.Draft202012Validator(documents[name], format_checker=jsonschema.FormatChecker()).validate(value)
    def refuse(name, value):
        try:
            check(name, value)
        except jsonschema.ValidationError:
            return
        raise SystemExit(f"{name} takes {value}")
    messages = [json.loads(line) for line in open(os.environ["MESSAGES"])]
    assert len(messages) == 2, messages
    for message in messages:
        check("event.v1.json", message)
    # What the ledger holds is an event's data, in every state that a run has been in.
    rows = [json.loads(line) for line in open(os.environ["ROWS"])]
    assert {"submitted", "preparing", "predicting", "stitching", "completed", "cancelled"} <= {row["state"] for row in rows}, rows
    for row in rows:
        check("event.v1.json", dict(messages[0], data=row, type=f"tessera.run.{row['state']}"))
    completed = next(row for row in rows if row["state"] == "completed")
    refuse("event.v1.json", dict(messages[0], data={k: v for k, v in completed.items() if k != "labels"}))
    refuse("event.v1.json", dict(messages[0], sequence="7"))
    study = {"version": 1, "model": "a", "images": [{"file": "a.nii.gz"}], "class": "stat", "step_size": 0.5}
    check("submission.v1.json", study)
    check("submission.v1.json", {"models": ["a", "b"], "weights": [1, 2], "images": [{"sha256": "0" * 64}]})
    for wrong in [dict(study, models=["a"]), dict(study, step_size=0), dict(study, priority=1), dict(study, images=[{}])]:
        refuse("submission.v1.json", wrong)
    check("submission-answer.v1.json", {"version": 1, "run": completed["run"], "new": True})
    check("submission-answer.v1.json", {"version": 1, "error": "x"})
    refuse("submission-answer.v1.json", {"version": 1})
    print("valid")
    """
}
