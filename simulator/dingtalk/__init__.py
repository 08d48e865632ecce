"""DingTalk (钉钉): both API generations, the Stream gateway, the robot and interactive cards."""
