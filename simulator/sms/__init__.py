"""Text messages: a stand-in of one provider's signed HTTP API (Aliyun, SendSms 2017-05-25)."""
