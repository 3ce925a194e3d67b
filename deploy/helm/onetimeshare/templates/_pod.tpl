{{/* The labels and annotations of a pod. Of (list $ "web"). */}}
{{- define "onetimeshare.podMetadata" -}}
{{- $root := index . 0 -}}
labels:
  {{- include "onetimeshare.labels" . | nindent 2 }}
  {{- with $root.Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  # Other settings are other pods.
  checksum/settings: {{ include "onetimeshare.settings" $root | sha256sum }}
  checksum/secrets: {{ $root.Values.secrets.values | toJson | sha256sum }}
  {{- with $root.Values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* A pod with one container. Of a dict: root, component, args, resources, and
     ports (name: number), ready (a port's name), env: none where it is a command that ends. */}}
{{- define "onetimeshare.podSpec" -}}
{{- $values := .root.Values -}}
{{- $name := include "onetimeshare.name" .root -}}
serviceAccountName: {{ $name }}
# It asks nothing of the cluster, and variables of its Services must not pass for settings.
automountServiceAccountToken: false
enableServiceLinks: false
{{- with $values.imagePullSecrets }}
imagePullSecrets: {{ toJson . }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  # Done once: to change every file again would let the group read them.
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
terminationGracePeriodSeconds: {{ include "onetimeshare.grace" $values }}
containers:
  - name: {{ .component }}
    image: {{ include "onetimeshare.image" .root | quote }}
    imagePullPolicy: {{ $values.image.pullPolicy }}
    args: {{ toJson .args }}
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: {drop: [ALL]}
    envFrom:
      - configMapRef: {name: {{ $name }}}
    env:
      - {name: HOST, value: {{ $values.listen | quote }}}
      - {name: PORT, value: "8080"}
      - {name: METRICS_HOST, value: {{ $values.listen | quote }}}
      - {name: METRICS_PORT, value: "9465"}
      - {name: TELEGRAM_WEBHOOK_PORT, value: "8090"}
      # A folder that the process makes for itself alone, as the volume's own belongs to root.
      - {name: DATA_DIR, value: /data/onetimeshare}
      {{- include "onetimeshare.secretEnvs" (list .root .component) | trim | nindent 6 }}
      {{- with .env }}
      {{- . | nindent 6 }}
      {{- end }}
      {{- with $values.extraEnv }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    {{- with .ports }}
    ports:
      {{- range $port, $number := . }}
      - {name: {{ $port }}, containerPort: {{ $number }}}
      {{- end }}
    {{- end }}
    {{- with .ready }}
    {{- include "onetimeshare.probes" . | nindent 4 }}
    {{- end }}
    resources: {{ toJson .resources }}
    volumeMounts:
      - {name: data, mountPath: /data}
      - {name: tmp, mountPath: /tmp}
      {{- if include "onetimeshare.certificates" $values }}
      - {name: certificates, mountPath: /etc/onetimeshare/certificates, readOnly: true}
      {{- end }}
      {{- with $values.extraVolumeMounts }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
volumes:
  {{- if $values.persistence.enabled }}
  - name: data
    persistentVolumeClaim:
      claimName: {{ $values.persistence.existingClaim | default $name }}
  {{- else }}
  - {name: data, emptyDir: {sizeLimit: 64Mi}}
  {{- end }}
  # In memory, so that what passes through is on no disk of the node's.
  - {name: tmp, emptyDir: {medium: Memory, sizeLimit: 64Mi}}
  {{- with include "onetimeshare.certificates" $values }}
  - {{ . }}
  {{- end }}
  {{- with $values.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- include "onetimeshare.placement" (list .root .component) }}
{{- end -}}

{{/* Answers itself: it lives. Readiness is what the port says of Redis, the store and a stop. */}}
{{- define "onetimeshare.probes" -}}
startupProbe:
  httpGet: {path: /healthz, port: metrics}
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /healthz, port: metrics}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /readyz, port: {{ . }}}
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 2
{{- end -}}

{{- define "onetimeshare.grace" -}}
{{- with .settings -}}
{{- add 10 (include "onetimeshare.seconds" .STOP_DELAY) (include "onetimeshare.seconds" .STOP_TIMEOUT) -}}
{{- end -}}
{{- end -}}

{{- define "onetimeshare.certificates" -}}
{{- with .certificates }}
{{- if .secret -}}
{name: certificates, secret: {secretName: {{ .secret }}, defaultMode: 0440}}
{{- else if .configMap -}}
{name: certificates, configMap: {name: {{ .configMap }}}}
{{- end }}
{{- end }}
{{- end -}}

{{/* On different machines and in different zones, as far as there are any. */}}
{{- define "onetimeshare.placement" -}}
{{- $values := (index . 0).Values }}
topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "onetimeshare.selector" $ | nindent 8 }}
  {{- end }}
{{- range $field := list "nodeSelector" "tolerations" "affinity" }}
{{- with get $values $field }}
{{ $field }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}
