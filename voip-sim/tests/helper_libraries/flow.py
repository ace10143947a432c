"""Whole flows with the official Python helper library, pointed at the simulator."""

import os
import threading
import time
import urllib.parse
import urllib.request
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.twiml.voice_response import VoiceResponse

SIMULATOR, ACCOUNT, TOKEN = (os.environ[name] for name in ("SIMULATOR", "ACCOUNT", "TOKEN"))
OURS, ANSWERS = "+15005550006", "+15005550104"


class SimulatorClient(TwilioHttpClient):
    """This is all it takes: the library's own HTTP client, and another address."""

    def request(self, method, url, *arguments, **named):
        url = url.replace("https://api.twilio.com", SIMULATOR)
        return super().request(method, url, *arguments, **named)


client = Client(ACCOUNT, TOKEN, http_client=SimulatorClient())
validator = RequestValidator(TOKEN)
seen = []


class App(BaseHTTPRequestHandler):
    """The application: it checks every signature with the library's validator."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        fields = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
        signature = self.headers["X-Twilio-Signature"]
        valid = validator.validate(base + self.path, fields, signature)
        seen.append((self.path, fields, valid, signature))
        document = ""
        if self.path == "/answer":
            response = VoiceResponse()
            response.say("Hello")
            response.pause(length=600)
            document = str(response)
        self.send_response(200 if document else 204)
        self.send_header("Content-Type", "text/xml")
        self.end_headers()
        self.wfile.write(document.encode())

    def log_message(self, *_):
        pass


app = ThreadingHTTPServer(("127.0.0.1", 0), App)
base = f"http://127.0.0.1:{app.server_port}"
threading.Thread(target=app.serve_forever, daemon=True).start()


def until(what, ask):
    # real time: the simulator is another process.
    for _ in range(1000):
        found = ask()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f"in vain: {what}")


def refused(code, status, attempt):
    try:
        attempt()
    except TwilioRestException as error:
        assert (error.code, error.status) == (code, status), error
    else:
        raise AssertionError(f"{code} was not raised")


# Calls: create, fetch, redirect, end, list, delete.
call = client.calls.create(
    to=ANSWERS,
    from_=OURS,
    url=f"{base}/answer",
    status_callback=f"{base}/status",
    status_callback_event=["initiated", "ringing", "answered", "completed"],
)
assert call.status == "queued" and isinstance(call.date_created, datetime)
until("the call is up", lambda: client.calls(call.sid).fetch().status == "in-progress")
until("the document is asked for", lambda: any(path == "/answer" for path, *_ in seen))
client.calls(call.sid).update(twiml="<Response><Pause length='600'/></Response>")
client.calls(call.sid).update(status="completed")
until("the call is over", lambda: client.calls(call.sid).fetch().status == "completed")
refused(21220, 400, lambda: client.calls(call.sid).update(twiml="<Response/>"))
refused(21211, 400, lambda: client.calls.create(to="nobody", from_=OURS, twiml="<Response/>"))
refused(20404, 404, lambda: client.calls("CA" + "0" * 32).fetch())
stranger = Client(ACCOUNT, "wrong", http_client=SimulatorClient())
refused(20003, 401, lambda: stranger.calls(call.sid).fetch())
assert client.calls(call.sid).delete()

# Paging.
made = {
    client.calls.create(to="+15005550100", from_=OURS, twiml="<Response/>").sid for _ in range(73)
}
listed = client.calls.list(to="+15005550100", page_size=20)
assert {one.sid for one in listed} == made and len(listed) == 73
first = client.calls.page(to="+15005550100", page_size=50)
assert len(list(first)) == 50
second = first.next_page()
assert len(list(second)) == 23 and second.next_page() is None
assert len(list(second.previous_page())) == 50
since = datetime.now(timezone.utc) - timedelta(hours=1)
assert len(client.calls.list(start_time_after=since, limit=5)) == 5


# Conferences and participants.
def invite(label):
    return client.conferences("the room").participants.create(
        from_=OURS,
        to=ANSWERS,
        label=label,
        conference_status_callback=f"{base}/conference",
        conference_status_callback_event=["start", "end", "join", "leave", "hold"],
    )


ann, bob = invite("ann"), invite("bob")
assert ann.status == "queued" and bob.conference_sid == ann.conference_sid
room = until(
    "the conference has started",
    lambda: client.conferences.list(friendly_name="the room", status="in-progress"),
)[0]
assert len(room.participants.list()) == 2
assert room.participants("bob").update(hold=True).hold is True
assert len(room.participants.list(hold=True)) == 1
assert room.participants("ann").delete()
refused(20404, 404, lambda: room.participants("ann").fetch())
assert room.update(status="completed").reason_conference_ended == "conference-ended-via-api"

# Recordings: metadata, and a file of silence.
recorded = client.calls.create(
    to=ANSWERS, from_=OURS, record=True, twiml="<Response><Pause length='600'/></Response>"
)
until("it is recorded", lambda: client.recordings.list(call_sid=recorded.sid))
time.sleep(0.05)  # real time: a recording of nothing is absent.
client.calls(recorded.sid).update(status="completed")
recording = until(
    "the recording is ready",
    lambda: [one for one in client.recordings.list() if one.status == "completed"],
)[0]
with urllib.request.urlopen(recording.media_url) as sound:
    assert sound.read(4) == b"RIFF"
assert client.recordings(recording.sid).delete()

# Every webhook was signed so that the library accepts it, and no other.
until(
    "the end of the conference is told",
    lambda: any(fields.get("StatusCallbackEvent") == "conference-end" for _, fields, *_ in seen),
)
assert len(seen) >= 7, len(seen)
for path, fields, valid, signature in seen:
    assert valid, path
    changed = {**fields, "AccountSid": "AC" + "1" * 32}
    assert not validator.validate(base + path, changed, signature)
