# Two stages: everything is installed from the lock in the first, the second only runs it.
FROM python:3.11-slim AS build
WORKDIR /app
ENV UV_PYTHON_DOWNLOADS=never
# The solver that drafts rosters; build with --build-arg EXTRAS= for an image 160 MB smaller.
ARG EXTRAS="--extra roster"
COPY pyproject.toml uv.lock ./
RUN python -m venv /uv && /uv/bin/pip install --no-cache-dir "uv>=0.13,<0.14" \
    && /uv/bin/uv sync --frozen --no-dev ${EXTRAS} --python python3

FROM python:3.11-slim
WORKDIR /app
RUN useradd --system --uid 10001 --home-dir /app wardbell && install -d -o wardbell /app/var
COPY --from=build /app/.venv .venv
COPY bot bot
COPY config config
COPY handlers handlers
COPY message_templates message_templates
COPY models models
COPY scheduler scheduler
COPY services services
COPY web web
USER wardbell
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 WARDBELL_HOST=0.0.0.0
EXPOSE 8080
VOLUME /app/var
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]
ENTRYPOINT ["python", "-m", "bot"]
CMD ["all"]
