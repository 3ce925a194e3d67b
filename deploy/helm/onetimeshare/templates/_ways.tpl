{{/* Who may come to a component. Of (list $ "web"). */}}
{{- define "onetimeshare.incoming" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $policy := $root.Values.networkPolicy -}}
{{- $webhook := ternary "webhook" "" (eq "yes" (include "onetimeshare.webhook" $root)) -}}
{{- with get (dict "web" "http" "telegram" $webhook) $component }}
- ports: [{port: {{ . }}, protocol: TCP}]
  {{- with $policy.visitors }}
  from: {{ toJson . }}
  {{- end }}
{{- end }}
{{- if and $policy.prometheus (ne $component "doctor") }}
- ports: [{port: metrics, protocol: TCP}]
  from: {{ toJson $policy.prometheus }}
{{- end }}
{{- end -}}

{{/* Where a component may go: names, Redis, and what is outside, where it has business there. */}}
{{- define "onetimeshare.egress" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $policy := $root.Values.networkPolicy -}}
- ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
- ports:
    {{- range $policy.redis.ports }}
    - {port: {{ int . }}, protocol: TCP}
    {{- end }}
  {{- with $policy.redis.to }}
  to: {{ toJson . }}
  {{- end }}
{{- if or (ne $component "web") (include "onetimeshare.bucket" $root) }}
- ports:
    {{- range $policy.internet.ports }}
    - {port: {{ int . }}, protocol: TCP}
    {{- end }}
  {{- if ne $component "doctor" }}
  to:
    {{- include "onetimeshare.internet" $policy.internet | trim | nindent 4 }}
  {{- end }}
{{- end }}
{{- with $policy.egress }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Both halves of the internet, each without the networks of its own kind that are left out. */}}
{{- define "onetimeshare.internet" -}}
{{- range $all, $colons := dict "0.0.0.0/0" false "::/0" true }}
{{- $except := list }}
{{- range $network := $.except }}
{{- if eq (contains ":" $network) $colons }}
{{- $except = append $except $network }}
{{- end }}
{{- end }}
- ipBlock:
    cidr: {{ $all | quote }}
    {{- with $except }}
    except: {{ toJson . }}
    {{- end }}
{{- end }}
{{- end -}}
