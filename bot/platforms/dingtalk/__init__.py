"""DingTalk (钉钉): both API generations out, Stream or HTTP callbacks in."""
