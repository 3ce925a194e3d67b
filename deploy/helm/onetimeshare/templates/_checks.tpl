{{/* What can't be worked with, all of it at once, with what to write instead. */}}
{{- define "onetimeshare.check" -}}
{{- $wrong := list -}}
{{- $elsewhere := include "onetimeshare.elsewhere" . -}}
{{- $volume := .Values.persistence -}}
{{- $web := ternary .Values.web.autoscaling.maxReplicas .Values.web.replicas .Values.web.autoscaling.enabled -}}
{{- $telegram := ternary .Values.telegram.replicas 0 .Values.telegram.enabled -}}
{{- $discord := ternary .Values.discord.shards 0 .Values.discord.enabled -}}
{{- if not .Values.image.repository -}}
{{- $wrong = append $wrong "image.repository: write where you pushed the image, as registry.example.org/onetimeshare" -}}
{{- end -}}
{{- if not (hasPrefix "https://" .Values.settings.PUBLIC_URL) -}}
{{- $wrong = append $wrong "settings.PUBLIC_URL: write the address that people see, as https://share.example.org" -}}
{{- end -}}
{{- if and .Values.secrets.existing .Values.secrets.values -}}
{{- $wrong = append $wrong "secrets: take existing or values, not both" -}}
{{- end -}}
{{- if not (include "onetimeshare.secretOf" (list . "REDIS_URL")) -}}
{{- $wrong = append $wrong "secrets: REDIS_URL is missing; name a Secret that has it in secrets.existing, or write it into secrets.values" -}}
{{- end -}}
{{- if and $elsewhere (not (include "onetimeshare.secretOf" (list . "SECRET_KEY"))) -}}
{{- $wrong = append $wrong "secrets: SECRET_KEY is missing; pods that share no folder need the same one, from: openssl rand -base64 32" -}}
{{- end -}}
{{- range $door, $pods := dict "telegram" $telegram "discord" $discord -}}
{{- $token := printf "%s_BOT_TOKEN" (upper $door) -}}
{{- if and $pods (not (include "onetimeshare.secretOf" (list $ $token))) -}}
{{- $wrong = append $wrong (printf "secrets: %s is missing; %s.enabled needs it" $token $door) -}}
{{- end -}}
{{- end -}}
{{- if not (or $elsewhere $volume.enabled) -}}
{{- $wrong = append $wrong "settings.BLOBS_URL: write s3://bucket/prefix, or set persistence.enabled: without either, secrets are lost with their pod" -}}
{{- end -}}
{{- if and $elsewhere $volume.enabled -}}
{{- $wrong = append $wrong "persistence.enabled: the sealed bytes lie where settings.BLOBS_URL says; take one of both" -}}
{{- end -}}
{{- if and $volume.enabled (not $volume.existingClaim) (ne $volume.accessMode "ReadWriteMany") (gt (add $web $telegram $discord | int) 1) -}}
{{- $wrong = append $wrong "persistence.accessMode: several pods need ReadWriteMany, or a bucket in settings.BLOBS_URL" -}}
{{- end -}}
{{- if and (gt (int $telegram) 1) (not (include "onetimeshare.webhook" .)) -}}
{{- $wrong = append $wrong "telegram.replicas: only one may ask Telegram; for more, Telegram must bring updates: settings.TELEGRAM_WEBHOOK_URL" -}}
{{- end -}}
{{- if and .Values.certificates.secret .Values.certificates.configMap -}}
{{- $wrong = append $wrong "certificates: name a secret or a configMap, not both" -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
{{- $wrong = append $wrong "httpRoute.parentRefs: name the Gateway, as [{name: public, namespace: gateways}]" -}}
{{- end -}}
{{- if and .Values.monitoring.podMonitor.enabled .Values.networkPolicy.enabled (not .Values.networkPolicy.prometheus) -}}
{{- $wrong = append $wrong "networkPolicy.prometheus: say where Prometheus is, or it may not ask, as [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]" -}}
{{- end -}}
{{- if $wrong -}}
{{- fail (printf "\nThese values can not be used:\n%s" (join "\n" $wrong)) -}}
{{- end -}}
{{- end -}}
