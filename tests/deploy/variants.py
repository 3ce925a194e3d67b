"""What operators may want of the chart: each variant is rendered, validated and looked at."""

from __future__ import annotations

import base64
from typing import Any

HOST = "https://share.example.org"
BUCKET = "s3://secrets/onetimeshare?endpoint=https://s3.example.org"
WEBHOOK = {"TELEGRAM_WEBHOOK_URL": f"{HOST}/telegram"}
PROMETHEUS = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "watch"}}}]
MARKED = "bWFya2VkbWFya2Vk"
SECRETS = {
    "REDIS_URL": "redis://user:marked-redis@redis:6379/0",
    "SECRET_KEY": base64.b64encode(b"marked-key-of-thirty-two-bytes!!").decode(),
    "TELEGRAM_BOT_TOKEN": "1:marked-telegram",
    "DISCORD_BOT_TOKEN": "marked-discord",
    "ADMIN_PASSWORD_HASH": f"$argon2id$v=19$m=65536,t=3,p=4${MARKED}${MARKED * 2}",
    "AWS_ACCESS_KEY_ID": "marked-id",
    "AWS_SECRET_ACCESS_KEY": "marked-access",
    "AWS_SESSION_TOKEN": "marked-session",
}
IMAGE = {"repository": "registry.example.org/onetimeshare"}
BOTS = {"telegram": {"enabled": True}, "discord": {"enabled": True}}

Object = dict[str, Any]

# By what is special about them.
VARIANTS: dict[str, Object] = {
    "bucket": {
        "image": IMAGE,
        "settings": {"PUBLIC_URL": HOST, "BLOBS_URL": BUCKET},
        "secrets": {"existing": "mine"},
    },
    "all in Redis": {
        "image": IMAGE,
        "settings": {"PUBLIC_URL": HOST, "BLOBS_URL": "redis:"},
        "secrets": {"existing": "mine"},
    },
    "volume": {
        "image": IMAGE,
        "settings": {"PUBLIC_URL": HOST},
        "secrets": {"values": SECRETS},
        "persistence": {"enabled": True, "storageClass": "shared"},
        **BOTS,
    },
    "one pod": {
        "image": IMAGE,
        "settings": {"PUBLIC_URL": HOST},
        "secrets": {"values": {"REDIS_URL": "redis://redis"}},
        "persistence": {"enabled": True, "accessMode": "ReadWriteOnce"},
        "web": {"replicas": 1},
        "podDisruptionBudget": {"enabled": False},
        "networkPolicy": {"enabled": False},
    },
    "everything": {
        "settings": {"PUBLIC_URL": HOST, "BLOBS_URL": BUCKET, "MAX_FILE_SIZE": 5000000, **WEBHOOK},
        "secrets": {"values": SECRETS, "elsewhere": {"REDIS_URL": {"name": "r", "key": "url"}}},
        "certificates": {"secret": "redis-tls"},
        "web": {"autoscaling": {"enabled": True}},
        "telegram": {"enabled": True, "replicas": 2},
        "discord": {"enabled": True, "shards": 3},
        "ingress": {"enabled": True, "className": "nginx", "tlsSecret": "certificate"},
        "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/a"}},
        "networkPolicy": {
            "visitors": PROMETHEUS,
            "prometheus": PROMETHEUS,
            "redis": {"to": [{"ipBlock": {"cidr": "10.1.0.0/16"}}], "ports": [6380]},
            "egress": [{"ports": [{"port": 8081}]}],
        },
        "monitoring": {name: {"enabled": True} for name in ("podMonitor", "alerts", "dashboard")},
        "nodeSelector": {"disk": "none"},
        "tolerations": [{"key": "a", "operator": "Exists"}],
        "priorityClassName": "high",
        "imagePullSecrets": [{"name": "pull"}],
        "image": IMAGE | {"digest": "sha256:" + "0" * 64},
        "extraEnv": [{"name": "SSL_CERT_FILE", "value": "/etc/onetimeshare/certificates/ca.crt"}],
        "extraVolumes": [{"name": "files", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "files", "mountPath": "/files"}],
        "podAnnotations": {"a": "b"},
        "podLabels": {"c": "d"},
    },
    "gateway": {
        "image": IMAGE,
        "settings": {
            "PUBLIC_URL": HOST,
            "BLOBS_URL": BUCKET,
            "TELEGRAM_WEBHOOK_URL": "https://hooks.example.org/t",
        },
        "secrets": {"existing": "mine"},
        "certificates": {"configMap": "ca"},
        "telegram": {"enabled": True},
        "ingress": {"enabled": True},
        "httpRoute": {"enabled": True, "parentRefs": [{"name": "public", "namespace": "gateways"}]},
    },
}
