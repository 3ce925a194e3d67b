{{- define "onetimeshare.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What a selector may hold: it never changes. Of (list $ "web"). */}}
{{- define "onetimeshare.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ $root.Chart.Name }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "onetimeshare.labels" -}}
{{- $root := index . 0 -}}
{{ include "onetimeshare.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | quote }}
{{- end -}}

{{- define "onetimeshare.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{- printf "%s@%s" .repository .digest -}}
{{- else -}}
{{- printf "%s:%s" .repository (.tag | default $.Chart.AppVersion) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The host of an address, without its port. */}}
{{- define "onetimeshare.host" -}}
{{- splitList ":" (urlParse .).host | first -}}
{{- end -}}

{{- define "onetimeshare.webhookPath" -}}
{{- (urlParse .Values.settings.TELEGRAM_WEBHOOK_URL).path | default "/" -}}
{{- end -}}
