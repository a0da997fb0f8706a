"""The server's state machine of section 13, as the table says it."""

PENDING, APPROVED, CONSUMED, DENIED, REPORTED, FAILED, EXPIRED, CANCELLED = (
    "pending", "approved", "consumed", "denied", "reported", "failed", "expired", "cancelled",
)
# What an answer is told in a state that takes none.
CLOSED = {APPROVED: 2, CONSUMED: 2, DENIED: 2, REPORTED: 2, FAILED: 1, EXPIRED: 3, CANCELLED: 4}
GRACE, REPORT_WINDOW = 60, 600


class Request:
    """One request; times are seconds after its end."""

    def __init__(self):
        self.state, self.failures, self.since, self.told = PENDING, 0, None, {}

    def clock(self, now):
        if self.state == PENDING and now > 0 or self.state == APPROVED and now > self.since + GRACE:
            self.state = EXPIRED

    def happens(self, event, now):
        """What is said: status, tries left, what the page collects, the class of the error."""
        kind, key = event["event"], (event["event"], event["bytes"])
        if key in self.told:
            return self.told[key] | {"class": None}
        self.clock(now)
        if kind == "collect":
            return self.collect()
        if kind == "cancel":
            self.state = CANCELLED if self.state in (PENDING, APPROVED) else self.state
            return {}
        said, final = getattr(self, kind)(event.get("wrong"), now)
        if final:
            self.told[key] = said
        return said

    def collect(self):
        collected = {PENDING: "pending", APPROVED: "granted", CONSUMED: "used"}.get(self.state, "refused")
        self.state = CONSUMED if self.state == APPROVED else self.state
        return {"collected": collected}

    def closed(self):
        # A request that failed says "refused", and for the log it is over as well.
        return {"status": CLOSED[self.state], "class": "final"}, False

    def refused(self, state=None):
        self.state = state or self.state
        return {"status": 1, "class": "rejected"}, state is not None

    def approve(self, wrong, now):
        if self.state != PENDING:
            return self.closed()
        match wrong:
            case "hash" | "token_not_named" | "token_not_held" | "token_disabled":
                return self.refused()
            case "verification" | "number":
                return self.refused(FAILED)
            case "passcode":
                self.failures += 1
                if self.failures == 3:
                    self.state = FAILED
                    return {"status": 1, "class": "retry"}, True
                return {"status": 6, "left": 3 - self.failures, "class": "retry"}, True
        self.state, self.since = APPROVED, now
        return {"status": 0}, True

    def deny(self, wrong, _):
        if self.state != PENDING:
            return self.closed()
        if wrong:
            return self.refused()
        self.state = DENIED
        return {"status": 0}, True

    def report(self, wrong, now):
        if self.state not in (PENDING, DENIED):
            return self.closed()
        if self.state == DENIED and now > REPORT_WINDOW:
            return {"status": 3, "class": "final"}, False
        if wrong:
            return self.refused()
        self.state = REPORTED
        return {"status": 0}, True

    def report_by_another(self, wrong, now):
        return self.closed() if self.state == DENIED else self.report(wrong, now)


def outcome(events):
    """What is said to the last event, and the state after it."""
    request, said = Request(), {}
    for event in events:
        said = request.happens(event, event["after_exp"])
    return {key: value for key, value in said.items() if value is not None} | {"state": request.state}
