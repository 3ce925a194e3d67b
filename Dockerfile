# One image for every process: docker run … onetimeshare web | bot telegram | bot discord | run
FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /app
COPY requirements.txt .
RUN /app/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE onetimeshare.py ./
COPY core core
COPY bots bots
COPY web web
RUN /app/bin/pip install --no-cache-dir --no-deps .

FROM python:3.13-slim
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin onetimeshare \
    && install -d -o 10001 -g 10001 -m 0700 /data
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOST=0.0.0.0 DATA_DIR=/data
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["onetimeshare"]
CMD ["web"]
