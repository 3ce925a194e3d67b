{{/* "yes" where the sealed bytes lie in no folder. */}}
{{- define "onetimeshare.elsewhere" -}}
{{- $url := toString .Values.settings.BLOBS_URL -}}
{{- if and $url (not (hasPrefix "file:" $url)) }}yes{{ end -}}
{{- end -}}

{{/* "yes" where they lie in a bucket. */}}
{{- define "onetimeshare.bucket" -}}
{{- if hasPrefix "s3://" (toString .Values.settings.BLOBS_URL) }}yes{{ end -}}
{{- end -}}

{{/* "yes" where Telegram brings its updates by itself. */}}
{{- define "onetimeshare.webhook" -}}
{{- if and .Values.telegram.enabled .Values.settings.TELEGRAM_WEBHOOK_URL }}yes{{ end -}}
{{- end -}}

{{/* A setting as text: a number that Helm read is not written as 1e+06. */}}
{{- define "onetimeshare.text" -}}
{{- if kindIs "float64" . }}{{ int64 . }}{{ else }}{{ toString . }}{{ end -}}
{{- end -}}

{{/* What the settings say, one line for each that says something. */}}
{{- define "onetimeshare.settings" -}}
{{- range $name, $value := .Values.settings }}
{{- $text := include "onetimeshare.text" $value }}
{{- if $text }}
{{ $name }}: {{ $text | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* A duration of settings, in seconds: 90, 90s, 5m, 1h. */}}
{{- define "onetimeshare.seconds" -}}
{{- $text := include "onetimeshare.text" . -}}
{{- $unit := dict "m" 60 "h" 3600 "d" 86400 -}}
{{- mul (regexFind "^[0-9]+" $text | int) (get $unit (regexFind "[mhd]$" $text) | default 1) -}}
{{- end -}}

{{/* Where a secret is: "" where nowhere. Of (list $ "REDIS_URL"). */}}
{{- define "onetimeshare.secretOf" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
{{- $secrets := $root.Values.secrets -}}
{{- if hasKey $secrets.elsewhere $name -}}
{{- get $secrets.elsewhere $name | toJson -}}
{{- else if $secrets.existing -}}
{{- dict "name" $secrets.existing "key" $name | toJson -}}
{{- else if hasKey $secrets.values $name -}}
{{- dict "name" (include "onetimeshare.name" $root) "key" $name | toJson -}}
{{- end -}}
{{- end -}}

{{/* The environment variable of a secret. Of (list $ "REDIS_URL" needed). */}}
{{- define "onetimeshare.secretEnv" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
{{- with include "onetimeshare.secretOf" (list $root $name) }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef: {{ set (fromJson .) "optional" (not (index $ 2)) | toJson }}
{{- end }}
{{- end -}}

{{/* What only pods of a component may know. Of (list $ "web"). */}}
{{- define "onetimeshare.secretEnvs" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $bucket := include "onetimeshare.bucket" $root -}}
{{- $needed := eq "yes" (include "onetimeshare.elsewhere" $root) -}}
{{- $doctor := eq $component "doctor" -}}
{{ include "onetimeshare.secretEnv" (list $root "REDIS_URL" true) }}
{{- include "onetimeshare.secretEnv" (list $root "SECRET_KEY" $needed) }}
{{- if $bucket }}
{{- range list "AWS_ACCESS_KEY_ID" "AWS_SECRET_ACCESS_KEY" "AWS_SESSION_TOKEN" }}
{{- include "onetimeshare.secretEnv" (list $root . false) }}
{{- end }}
{{- end }}
{{- if or $doctor (eq $component "web") }}
{{- include "onetimeshare.secretEnv" (list $root "ADMIN_PASSWORD_HASH" false) }}
{{- end }}
{{- if or (eq $component "telegram") (and $doctor $root.Values.telegram.enabled) }}
{{- include "onetimeshare.secretEnv" (list $root "TELEGRAM_BOT_TOKEN" true) }}
{{- end }}
{{- if or (eq $component "discord") (and $doctor $root.Values.discord.enabled) }}
{{- include "onetimeshare.secretEnv" (list $root "DISCORD_BOT_TOKEN" true) }}
{{- end }}
{{- end -}}
