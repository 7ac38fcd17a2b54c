cat > crd.yaml <<EOF
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: {{ kind.plural }}.{{ kind.group }}
spec:
  group: {{ kind.group }}
  scope: Namespaced
  names:
    plural: {{ kind.plural }}
    singular: {{ kind.singular }}
    kind: {{ kind.kind }}
    shortNames: ["{{ kind.short }}"]
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required:
            - {{ kind.field }}
            properties:
              {{ kind.field }}: {type: integer, minimum: 1, maximum: {{ max }}}
    additionalPrinterColumns:
    - {name: {{ kind.field | capitalize }}, type: integer, jsonPath: .spec.{{ kind.field }}}
EOF
kubectl create -f crd.yaml
sleep 5
kubectl apply -f - <<EOF
apiVersion: {{ kind.group }}/v1
kind: {{ kind.kind }}
metadata: {name: first, namespace: default}
spec: {{ '{' }}{{ kind.field }}: 4}
EOF
